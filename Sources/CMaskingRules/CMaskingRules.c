#include "CMaskingRules.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char rules[] = {
#embed "masking_rules.bin"
};

const unsigned char *postern_masking_rules(void) { return rules; }

size_t postern_masking_rules_size(void) { return sizeof rules; }
