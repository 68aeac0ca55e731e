// Package rescue tells of a panic as a message, so that whoever plays a session
// can end in good order and leave the terminal as it was.
package rescue
