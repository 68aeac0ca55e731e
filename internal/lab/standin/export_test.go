package standin

import "nstutor/internal/nsenter"

// Look is what a command line shows in a namespace; ok says whether it is understood.
func Look(ns *nsenter.Namespace, argv []string) (lines []string, ok bool, err error) {
	see := looks[argv[0]](argv[1:])
	if see == nil {
		return nil, false, nil
	}
	lines, err = see(ns)
	return lines, true, err
}
