#ifndef HEADRACE_CPROTOBUFC_SHIM_H
#define HEADRACE_CPROTOBUFC_SHIM_H

#include <protobuf-c/protobuf-c.h>

#endif
