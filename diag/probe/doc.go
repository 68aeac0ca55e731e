// Package probe asks a network by packets of its own: Ping and Pinger by ICMP
// echoes, Connect by TCP, Exchange by UDP, Get by HTTP, Resolve by name. It tells
// apart what the kernel tells apart (which errno, whose ICMP error, a silence), in
// one vocabulary: Outcome.
package probe
