package drop

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"unicode"

	"nstutor/internal/lab/labtest"

	"golang.org/x/sys/unix"
)

// without runs fn on a thread that has given up some capabilities, and that ends.
func without(t *testing.T, fn func() error, capabilities ...int) error {
	t.Helper()
	result := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked
		header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
		var data [2]unix.CapUserData
		err := unix.Capget(&header, &data[0])
		for _, c := range capabilities {
			data[c/32].Effective &^= 1 << (c % 32)
		}
		if err = errors.Join(err, unix.Capset(&header, &data[0])); err == nil {
			err = fn()
		}
		result <- err
	}()
	return <-result
}

func TestTheMissingRightIsNamed(t *testing.T) {
	try := func() error {
		w, err := Watch(context.Background(), Filter{Flows: []Flow{pingCS}})
		if err == nil {
			w.Close()
		}
		return err
	}
	for _, c := range []struct {
		without []int
		need    Need
	}{
		{[]int{unix.CAP_SYS_ADMIN, unix.CAP_BPF, unix.CAP_PERFMON}, NeedBPF},
		{[]int{unix.CAP_SYS_ADMIN, unix.CAP_BPF}, NeedBPF},
		{[]int{unix.CAP_SYS_ADMIN, unix.CAP_PERFMON}, NeedPerfmon},
	} {
		missing, ok := errors.AsType[*Missing](without(t, try, c.without...))
		if !ok || missing.Need != c.need {
			t.Errorf("without %v: %v, want %s", c.without, missing, c.need)
		}
	}
	// What the kernel says by itself, if it is asked all the same.
	if got, ok := errors.AsType[*Missing](refused(unix.EPERM)); !ok || got.Need != NeedAllowed && got.Need != NeedUnlocked || !errors.Is(got, unix.EPERM) {
		t.Errorf("EPERM is %v", got)
	}
}

// TestTheTwoCapabilitiesAreEnough: nobody has to be CAP_SYS_ADMIN.
func TestTheTwoCapabilitiesAreEnough(t *testing.T) {
	if allowed() != nil {
		t.Logf("proven elsewhere: %v", allowed())
		return
	}
	all := []int{}
	for c := range unix.CAP_LAST_CAP + 1 {
		if c != unix.CAP_BPF && c != unix.CAP_PERFMON && c != unix.CAP_CHECKPOINT_RESTORE {
			all = append(all, c)
		}
	}
	err := without(t, func() error {
		w, err := Watch(context.Background(), Filter{Flows: []Flow{pingCS}})
		if err == nil {
			w.Close()
		}
		return err
	}, all...)
	if err != nil {
		t.Error(err)
	}
}

func TestEveryNeedHasWordsInBothLanguages(t *testing.T) {
	for _, need := range Needs {
		text := (&Missing{Need: need}).Text()
		hasHan := strings.IndexFunc(text.In("zh"), func(c rune) bool { return unicode.Is(unicode.Han, c) }) >= 0
		if needs[need].IsZero() || needs[need].In("en") == needs[need].In("zh") || !hasHan {
			t.Errorf("%s: %q, %q", need, text.In("en"), text.In("zh"))
		}
	}
	if len(Needs) != len(needs) {
		t.Errorf("%d needs, and words for %d", len(Needs), len(needs))
	}
}

func TestAFilterThatFitsNothingIsRefused(t *testing.T) {
	for name, flows := range map[string][]Flow{
		"none": nil, "too many": make([]Flow, MaxFlows+1), "everything": {{}}, "a protocol of everybody": {{Proto: 17}},
		"two families": {{Src: addrC, Dst: labtest.Addr("fd00::1")}}, "ports of ICMP": {{Src: addrC, Proto: 1, DstPort: 9}}, "an echo of UDP": {{Src: addrC, Proto: 17, ID: 9}},
	} {
		_, err := Watch(t.Context(), Filter{Flows: flows})
		if _, isMissing := errors.AsType[*Missing](err); err == nil || isMissing {
			t.Errorf("%s: %v", name, err)
		}
	}
}
