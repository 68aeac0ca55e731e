// Package ipv6 has the causes that IPv6 alone knows: addresses that the kernel does not use yet
// or any more, or for one wire only, and routers that do not advertise themselves.
package ipv6
