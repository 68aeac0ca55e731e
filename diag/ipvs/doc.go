// Package ipvs reads the virtual services of a network namespace, which the kernel
// balances before any socket of it has a say (net/netfilter/ipvs).
package ipvs
