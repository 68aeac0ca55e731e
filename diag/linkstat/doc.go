// Package linkstat reads what devices and their queues have counted: how often a
// device lost its carrier, what it could not send or receive, what its queueing
// disciplines threw away. Two readings say what happened between them, and Watch
// which devices were switched meanwhile.
//
// The counters are everybody's: on a busy machine they also move for the packets
// of others.
package linkstat
