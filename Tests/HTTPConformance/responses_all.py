"""All response cases."""

import responses_body
import responses_head
import responses_interim
from cases import check_unique

CASES = check_unique(responses_head.CASES + responses_body.CASES + responses_interim.CASES)
