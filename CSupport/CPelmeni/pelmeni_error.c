#define _GNU_SOURCE
#include <string.h>

#include "include/pelmeni_error.h"

const char *pelmeni_error_name(int code) { return strerrorname_np(code); }
