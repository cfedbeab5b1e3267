#define _GNU_SOURCE
#include <netdb.h>
#include <string.h>

#include "include/pelmeni_error.h"

const char *pelmeni_error_name(int code) { return strerrorname_np(code); }

int pelmeni_error_is_no_address(int code) {
    return code == EAI_NONAME || code == EAI_NODATA || code == EAI_ADDRFAMILY;
}
