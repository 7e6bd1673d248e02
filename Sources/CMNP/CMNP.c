#include "CMNP.h"
