package cli

import "io"

// heeded is an output whose first error is remembered, and told once: cobra
// writes help to it without a look at what comes of that, and prints the error
// of a version itself, to where people and programs read the answer.
type heeded struct {
	to  io.Writer
	err error
}

func (h *heeded) Write(text []byte) (int, error) {
	if h.err == nil {
		_, h.err = h.to.Write(text)
	}
	return len(text), nil
}
