// Package bridge has the actions and claims of bridges and of their ports, and of what
// takes a bridge's place.
package bridge
