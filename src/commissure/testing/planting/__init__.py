"""People who do not exist, planted into every format, so that it can be counted what de-identification finds of them."""
