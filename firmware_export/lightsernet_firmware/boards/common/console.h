/* Where a program on a board prints, and how it ends. */
#ifndef CONSOLE_H
#define CONSOLE_H

/* Print text that ends with a NUL. */
void console_print(const char *text);

/* End the program; `status` is the emulator's exit status where there is one. */
void console_exit(int status) __attribute__((noreturn));

#endif
