/* From reset to begin: stack, and where exceptions go. For boards whose linker script defines
 * __stack_top, and that begin at the first byte of their code.
 *
 * Source: "Xtensa Instruction Set Architecture Reference Manual", the options Exception and
 * Relocatable Vector; where a core's vectors lie is in its core-isa.h, here an LX106's. */
void reset_handler(void);

/* The compiler has no naked functions. Exceptions jump to fixed places from the first byte, which
 * is a multiple of 4096. `l32r` takes its constants from below itself. */
__asm(".section .vectors, \"ax\"\n\t"
      ".begin no-transform\n\t"
      ".global reset_handler\n"
      "reset_handler:\n\t"
      "j 2f\n\t"
      ".org 0x10\n\t" /* debugging */
      "j fault\n\t"
      ".org 0x20\n\t" /* an interrupt that cannot be masked */
      "j fault\n\t"
      ".org 0x30\n\t" /* an exception of the kernel's */
      "j fault\n\t"
      ".org 0x50\n\t" /* of the user's */
      "j fault\n\t"
      ".org 0x70\n\t" /* within another */
      "j fault\n\t"
      ".balign 4\n"
      "1:\n\t"
      ".word reset_handler, __stack_top\n"
      "2:\n\t"
      "l32r a2, 1b\n\t"
      "wsr a2, vecbase\n\t"
      "l32r sp, 1b + 4\n\t"
      /* No interrupts, and no longer within an exception. */
      "movi a2, 0x2f\n\t"
      "wsr a2, ps\n\t"
      "rsync\n\t"
      "j begin\n\t"
      ".end no-transform\n\t"
      ".previous");
