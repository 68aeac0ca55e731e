// Package hop has the way of a packet and of its reply as values: a Hop for each stage in
// each namespace, what is predicted of it and what was observed, and the frame that
// would prove it.
package hop
