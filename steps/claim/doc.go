// Package claim has what a promise can say of tables, of connections and of the wire.
package claim
