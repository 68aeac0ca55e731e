// Package published is what Docker writes for the networks of its bridges, and for the ports of
// their containers, where that is gone.
package published
