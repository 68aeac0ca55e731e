// Package judge says why a packet of a journey gets no further: for each place where
// one is stopped, what the cause is, and how it would go on once that is mended. It asks the
// kernel, and changes neither the journey nor what is taken for mended.
package judge
