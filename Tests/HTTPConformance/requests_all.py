"""All request cases."""

import requests_chunked
import requests_fields
import requests_forward
import requests_host
import requests_length
import requests_line
from cases import check_unique

CASES = check_unique(
    requests_line.CASES + requests_fields.CASES + requests_length.CASES + requests_chunked.CASES
    + requests_host.CASES + requests_forward.CASES)
