/* Two models in one program, each with threads: reads the inputs of both from standard input, writes the outputs to standard output. */

#include <stdio.h>

#include "integers.h"
#include "net.h"

static float image[NET_INPUT0_ELEMENTS], y[NET_OUTPUT0_ELEMENTS];
static uint8_t x[INTEGERS_INPUT0_ELEMENTS];
static int32_t product[INTEGERS_OUTPUT0_ELEMENTS];
static _Alignas(NET_WORKSPACE_ALIGNMENT) char workspace[NET_WORKSPACE_BYTES];

int main(void) {
  if (fread(image, sizeof image, 1, stdin) != 1 || fread(x, sizeof x, 1, stdin) != 1) return 1;
  void *integers = integers_create();
  if (!integers || net_init(workspace, sizeof workspace)) return 2;
  if (net_run(workspace, image, y) || integers_run(integers, x, product)) return 3;
  if (net_close(workspace)) return 4;
  integers_destroy(integers);
  return fwrite(y, sizeof y, 1, stdout) != 1 || fwrite(product, sizeof product, 1, stdout) != 1;
}
