// Package instrument has the actions and claims of finding a fault by the tools that
// every machine has: counters, traces, questions to the routing tables, and events of
// connections.
package instrument
