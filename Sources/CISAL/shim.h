#ifndef HEADRACE_CISAL_SHIM_H
#define HEADRACE_CISAL_SHIM_H

#include <isa-l/crc.h>

#endif
