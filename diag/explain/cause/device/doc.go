// Package device has the causes that are of devices rather than of tables: ports of
// bridges, tunnels, what stands on another device, and those that lose some of what they
// carry, or come and go. They are causes like the others of package cause, which has
// what they are.
package device
