#ifndef PELMENI_ERROR_H
#define PELMENI_ERROR_H

// The name of an error number, "ECONNREFUSED" say; NULL for a number that has none. GNU's own call.
const char *pelmeni_error_name(int code);

#endif
