#include "print.h"

#include <string.h>

#include "console.h"

/* Calls to the debugger are slow, so text is buffered. */
static char buffer[256];
static size_t used;

void print_flush(void)
{
    buffer[used] = '\0';
    console_print(buffer);
    used = 0;
}

static void print_character(char character)
{
    if (used + 1u >= sizeof buffer) {
        print_flush();
    }
    buffer[used++] = character;
}

void print_text(const char *text)
{
    while (*text != '\0') {
        print_character(*text++);
    }
}

void print_number(int64_t value)
{
    char digits[20];
    size_t count = 0;
    uint64_t rest = value < 0 ? 0u - (uint64_t)value : (uint64_t)value;
    if (value < 0) {
        print_character('-');
    }
    do {
        digits[count++] = (char)('0' + (char)(rest % 10u));
        rest /= 10u;
    } while (rest != 0);
    while (count > 0) {
        print_character(digits[--count]);
    }
}

void print_array(const char *name, const int8_t *values, size_t count)
{
    print_text("\"");
    print_text(name);
    print_text("\": [");
    for (size_t i = 0; i < count; i++) {
        if (i > 0) {
            print_text(", ");
        }
        print_number(values[i]);
    }
    print_text("]");
}

void print_hex(const int8_t *values, size_t count)
{
    static const char DIGITS[] = "0123456789abcdef";
    for (size_t i = 0; i < count; i++) {
        uint8_t byte = (uint8_t)values[i];
        print_character(DIGITS[byte >> 4]);
        print_character(DIGITS[byte & 15u]);
    }
}
