"""Who writes rationales: one file a teacher; its name is the kind of a `distil` step's teacher."""
