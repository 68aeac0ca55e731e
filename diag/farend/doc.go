// Package farend finds out to whom a device hands what is sent there, where that is
// neither a wire nor another device: the program that has a tun or tap device open,
// the peer of a WireGuard device, the datapath of an Open vSwitch port.
package farend
