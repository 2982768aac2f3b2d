/* Runs a compiled model with one float input and one float output, such as an image classifier.

     classify INPUT           the five largest values of the output, with their positions
     classify INPUT OUTPUT    writes the output

   INPUT and OUTPUT are raw: the array's floats and nothing else. model.h was made by `tilewright compile --prefix model`. With
   -DWEIGHTS_FILE='"model.weights"' the weights are mapped from that file. */

#include <stdio.h>
#include <stdlib.h>

#include "model.h"

#ifdef __aarch64__
#include <sys/auxv.h>
#endif

#ifdef WEIGHTS_FILE
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

static void *create(void) {
  int file = open(WEIGHTS_FILE, O_RDONLY);
  if (file < 0) return NULL;
  void *weights = mmap(NULL, MODEL_WEIGHTS_BYTES, PROT_READ, MAP_PRIVATE, file, 0);
  off_t bytes = lseek(file, 0, SEEK_END);
  close(file);
  return weights == MAP_FAILED ? NULL : model_create(weights, (size_t)bytes);
}
#else
static void *create(void) { return model_create(); }
#endif

static int fail(const char *what, const char *why) {
  fprintf(stderr, "classify: %s: %s\n", what, why);
  return 1;
}

static void print_top(const float *values, size_t count) {
  unsigned char *taken = calloc(count, 1);
  for (size_t place = 0; taken && place < 5 && place < count; place++) {
    size_t best = count;
    for (size_t i = 0; i < count; i++)
      if (!taken[i] && (best == count || values[i] > values[best])) best = i;
    taken[best] = 1;
    printf("%6zu %.6g\n", best, values[best]);
  }
  free(taken);
}

int main(int count, char **arguments) {
  if (count < 2) return fail("usage", "classify INPUT [OUTPUT]");
  if (!MODEL_CPU_OK) return fail("processor", "lacks what the code needs");
  float *input = malloc(MODEL_INPUT0_BYTES), *output = malloc(MODEL_OUTPUT0_BYTES);
  FILE *file = fopen(arguments[1], "rb");
  if (!input || !output || !file) return fail(arguments[1], "can't be read");
  if (fread(input, 1, MODEL_INPUT0_BYTES, file) != MODEL_INPUT0_BYTES) return fail(arguments[1], "is too short");
  fclose(file);

  void *model = create();
  if (!model) return fail("model", "can't be set up");
  if (model_run(model, input, output)) return fail("run", model_last_error(model));
  model_destroy(model);

  if (count == 2) {
    print_top(output, MODEL_OUTPUT0_ELEMENTS);
  } else {
    file = fopen(arguments[2], "wb");
    if (!file || fwrite(output, 1, MODEL_OUTPUT0_BYTES, file) != MODEL_OUTPUT0_BYTES || fclose(file))
      return fail(arguments[2], "can't be written");
  }
  free(input);
  free(output);
  return 0;
}
