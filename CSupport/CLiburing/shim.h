#ifndef PELMENI_CLIBURING_SHIM_H
#define PELMENI_CLIBURING_SHIM_H

// <features.h> comes first on purpose: liburing.h defines _GNU_SOURCE by itself, and would then give
// Swift another fd_set than Foundation's (swiftlang/swift#69311).
#include <features.h>
#include <liburing.h>

#endif
