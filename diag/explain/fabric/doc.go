// Package fabric finds where a frame gets to: over veths, bridges and their ports,
// VLANs, tunnels, and devices that stand on others, from one IP layer to the next.
//
// What is in its way is noted, and what lies behind that is found, too. Nothing is
// sent.
package fabric
