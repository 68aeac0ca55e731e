// Package cni is a small container runtime, as far as it has to do with networks: it
// calls plugins by the contract of CNI, and knows what has become of it. Where a machine
// does not have the plugins `bridge` and `ptp`, it has its own.
//
//	runtime.go what a runtime does: a configuration, a call for each plugin, a cache
//	call.go    one call: variables, JSON on stdin, JSON on stdout
//	own.go     the plugins bridge and ptp, without the files of anybody else
//	ipam.go    addresses, one after the other
package cni
