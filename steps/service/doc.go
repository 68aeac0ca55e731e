// Package service has the actions and claims of the chapters about services: rules that
// translate, what they make of packets, and what the kernel remembers of connections.
package service
