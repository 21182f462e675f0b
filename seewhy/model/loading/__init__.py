"""Open a net and its processor: device, precision, adapters, encoding of prompts."""
