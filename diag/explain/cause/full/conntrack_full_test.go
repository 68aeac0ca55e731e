package full

import (
	"testing"

	"nstutor/diag/table"
)

// A maximum that was lowered, when there were more connections already, is raised above those.
func TestTheMaximumIsRaisedAboveWhatThereIs(t *testing.T) {
	for use, want := range map[table.ConntrackUse]string{
		{Count: 8, Max: 8}:   "sysctl -w net.netfilter.nf_conntrack_max=16",
		{Count: 31, Max: 10}: "sysctl -w net.netfilter.nf_conntrack_max=62",
	} {
		fix := TableFull{Use: use, Raisable: true}.Fix()
		if len(fix) != 1 || fix[0].Command().String() != want {
			t.Errorf("%+v: %v, want %s", use, fix, want)
		}
	}
}
