"""Turn words on a command line into plans and objects, and call one stage."""
