/* Runs a model of any number of ports: raw inputs from standard input, raw outputs to standard output, one behind the other.
   PREFIX is the model's, HEADER its header, CPU_OK what that says of the processor, ARRAYS the arguments of run: a[0], a[1], ... */

#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>

#include HEADER

#define JOIN(a, b) a##_##b
#define NAME(prefix, name) JOIN(prefix, name)
#define API(name) NAME(PREFIX, name)

int main(void) {
  if (!CPU_OK) return 6;
  void *a[64], *model = API(create)();
  int inputs = 0, outputs = 0;
  if (!model) return 2;
  for (; API(input_name)(inputs); inputs++) {
    size_t bytes = API(input_bytes)(inputs);
    a[inputs] = malloc(bytes + 1);
    if (fread(a[inputs], 1, bytes, stdin) != bytes) return 3;
  }
  for (; API(output_name)(outputs); outputs++) a[inputs + outputs] = malloc(API(output_bytes)(outputs) + 1);
  if (API(run)(model, ARRAYS)) {
    fprintf(stderr, "%s\n", API(last_error)(model));
    return 4;
  }
  for (int i = 0; i < outputs; i++) {
    size_t bytes = API(output_bytes)(i);
    if (fwrite(a[inputs + i], 1, bytes, stdout) != bytes) return 5;
  }
  API(destroy)(model);
  return 0;
}
