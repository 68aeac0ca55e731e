package drop

import (
	"errors"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"nstutor/internal/nsenter"
	"nstutor/internal/say"
)

// Need is what a machine has to give for a Watch.
type Need string

const (
	NeedBPF         Need = "CAP_BPF"
	NeedPerfmon     Need = "CAP_PERFMON"
	NeedInitialUser Need = "initial-user-namespace" // the capabilities are there, but only in another
	NeedTypes       Need = "kernel-types"           // CONFIG_DEBUG_INFO_BTF, or /sys is not mounted
	NeedReasons     Need = "drop-reasons"           // Linux 5.17
	NeedUnlocked    Need = "no-lockdown"            // kernel_lockdown(7) in its mode "confidentiality"
	NeedAllowed     Need = "bpf"                    // bpf(2) itself: seccomp, a security module, CONFIG_BPF_SYSCALL
)

// Needs are all of them.
var Needs = []Need{NeedBPF, NeedPerfmon, NeedInitialUser, NeedTypes, NeedReasons, NeedUnlocked, NeedAllowed}

// needs are what is said of each: why there is no witness.
var needs = map[Need]say.Text{
	NeedBPF:         say.T("CAP_BPF is missing, which root has", "缺少 CAP_BPF 权能（root 有）"),
	NeedPerfmon:     say.T("CAP_PERFMON is missing, which root has", "缺少 CAP_PERFMON 权能（root 有）"),
	NeedInitialUser: say.T("in a user namespace nobody may ask", "用户命名空间内不允许查询"),
	NeedTypes:       say.T("there is no /sys/kernel/btf/vmlinux (CONFIG_DEBUG_INFO_BTF)", "没有 /sys/kernel/btf/vmlinux（CONFIG_DEBUG_INFO_BTF）"),
	NeedReasons:     say.T("kernels before 5.17 have no reasons", "5.17 之前的内核不记录原因"),
	NeedUnlocked:    say.T("the kernel is locked down (confidentiality)", "内核处于 lockdown（confidentiality）模式"),
	NeedAllowed:     say.T("bpf(2) is not allowed here", "此处不允许 bpf(2)"),
}

// Missing says which right or which part of the kernel a Watch lacks.
type Missing struct {
	Need Need
	Err  error // the kernel's own answer, where it was asked
}

// Text is the whole sentence, in both languages.
func (m *Missing) Text() say.Text {
	return say.T("the kernel cannot be asked why it drops packets: %s", "无法向内核询问丢包原因：%s", needs[m.Need])
}

// In is the sentence in a language, with the kernel's own answer.
func (m *Missing) In(lang string) string {
	if m.Err != nil {
		return say.T("%s: %v", "%s：%v", m.Text(), m.Err).In(lang)
	}
	return m.Text().In(lang)
}

func (m *Missing) Error() string { return m.In("en") }

func (m *Missing) Unwrap() error { return m.Err }

// initialUser is the inode of the first user namespace (PROC_USER_INIT_INO in
// include/linux/proc_ns.h).
const initialUser = 0xefffffFD

// allowed says what the calling thread lacks before the kernel is asked.
func allowed() error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		return say.Err("look at the capabilities: %v", "读取权能：%v", err)
	}
	has := func(capability int) bool { return data[capability/32].Effective&(1<<(capability%32)) != 0 }
	// CAP_SYS_ADMIN was all of them once (capabilities(7)).
	switch admin := has(unix.CAP_SYS_ADMIN); {
	case !admin && !has(unix.CAP_BPF):
		return &Missing{Need: NeedBPF}
	case !admin && !has(unix.CAP_PERFMON):
		return &Missing{Need: NeedPerfmon}
	}
	if inode, err := nsenter.InodeAt("/proc/thread-self/ns/user"); err == nil && inode != initialUser {
		return &Missing{Need: NeedInitialUser}
	}
	return nil
}

// refused says of an error of bpf(2) which right or feature it stands for.
func refused(err error) error {
	mode, _ := os.ReadFile("/sys/kernel/security/lockdown") // it is not there where there is no lockdown
	switch {
	case strings.Contains(string(mode), "[confidentiality]"):
		return &Missing{NeedUnlocked, err}
	case errors.Is(err, fs.ErrPermission), errors.Is(err, unix.ENOSYS):
		return &Missing{NeedAllowed, err}
	}
	return say.Err("watch for drops: %v", "监视丢包：%v", err)
}
