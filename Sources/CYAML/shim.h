#ifndef HEADRACE_CYAML_SHIM_H
#define HEADRACE_CYAML_SHIM_H

#include <yaml.h>

#endif
