#include <stdlib.h>
typedef int esp_err_t;
#define ESP_ERROR_CHECK(call) do { if ((call) != 0) abort(); } while (0)
