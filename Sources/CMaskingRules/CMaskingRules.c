#include "CMaskingRules.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

const unsigned char postern_masking_rules_bytes[] = {
#embed "masking_rules.bin"
};

const size_t postern_masking_rules_size = sizeof postern_masking_rules_bytes;
