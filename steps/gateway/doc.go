// Package gateway has what a node does as the gateway of its pods: it lends them its
// address, and lets their packets through. Whether that is done is judged by what becomes
// of packets, whoever wrote which rules.
package gateway
