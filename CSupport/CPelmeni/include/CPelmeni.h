#ifndef CPELMENI_H
#define CPELMENI_H

// The shim as Swift sees it. No header here includes <liburing.h>: kernel numbers stay in the C files.
#include "pelmeni_answers.h"
#include "pelmeni_batch.h"
#include "pelmeni_counter.h"
#include "pelmeni_datagram.h"
#include "pelmeni_error.h"
#include "pelmeni_features.h"
#include "pelmeni_file.h"
#include "pelmeni_network.h"
#include "pelmeni_poll.h"
#include "pelmeni_pool.h"
#include "pelmeni_socket.h"
#include "pelmeni_spawn.h"
#include "pelmeni_splice.h"
#include "pelmeni_thread.h"
#include "pelmeni_uring.h"

#endif
