#ifndef PELMENI_ERROR_H
#define PELMENI_ERROR_H

// The name of an error number, "ECONNREFUSED" say; NULL for an unnamed one. GNU's own call.
const char *pelmeni_error_name(int code);

// Whether getaddrinfo(3) failed because the name has no address of the requested families, also with AI_ADDRCONFIG:
// EAI_NONAME, or GNU's EAI_NODATA and EAI_ADDRFAMILY.
int pelmeni_error_is_no_address(int code);

#endif
