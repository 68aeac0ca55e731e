package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"nstutor/internal/lab"
	"nstutor/internal/lab/door"
	"nstutor/internal/say"
)

// shell opens the learner's shell in a lab that runs at another terminal.
func (a *app) shell() *cobra.Command {
	var pid int
	cmd := &cobra.Command{
		Use:   "shell [NETNS]",
		Short: a.say("Open your own shell in the lab that runs in another terminal", "在另一个终端运行的实验网络中打开你自己的 shell"),
		Long: a.say(`Open your own shell ($SHELL) in a network namespace of the lab that runs in
another terminal: in the node ("host") unless NETNS names another one. The
prompt says the namespace. What you do there is seen by the course at once, and
stays in the lab; the shell ends with it.

Only the user who runs the lab can come in.`, `在另一个终端运行的实验网络中打开你自己的 shell（$SHELL）：在节点（"host"）上，
或者在 NETNS 指定的网络命名空间里。提示符会写出命名空间。你在里面做的事，课程
立刻看得到，并且只留在实验网络里；实验网络结束，shell 也随之结束。

只有运行实验网络的那个用户才能进入。`),
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return say.Err("shell takes one network namespace, not %d; see `nstutor shell --help`", "shell 只接受一个网络命名空间，给了 %d 个；见 `nstutor shell --help`", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			netns := lab.Host
			if len(args) == 1 {
				netns = args[0]
			}
			running, err := door.Running()
			if err != nil {
				return err
			}
			door, err := chooseDoor(having(running, netns), pid, a.lang)
			if err != nil {
				return err
			}
			return a.enterDoor(cmd.Context(), door, netns)
		},
	}
	cmd.Flags().IntVar(&pid, "lab", 0, a.say("the `PID` of the lab, when more than one runs", "有多个实验网络在运行时，指定其中一个的 `PID`"))
	return cmd
}

// enterDoor shows the shell and passes its exit status on.
func (a *app) enterDoor(ctx context.Context, entrance door.Door, netns string) error {
	if entrance.Stopped() {
		return say.Err("the lab with %s", "该实验网络：%s", describeDoor(entrance))
	}
	exit, err := entrance.Open(ctx, netns, os.Stdin, os.Stdout)
	switch {
	case err == nil && exit == exitOK:
		return nil
	case err == nil:
		return status(exit)
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, door.ErrLabEnded):
		a.complain(err)
		return status(exitBroken)
	case errors.Is(err, door.ErrNoTerminal):
		return say.Err("`nstutor shell` needs a terminal", "`nstutor shell` 需要在终端中运行")
	}
	return err
}

// having are the labs that have a namespace, if any has: the others are not
// meant.
func having(running []door.Door, netns string) []door.Door {
	found := slices.DeleteFunc(slices.Clone(running), func(d door.Door) bool { return !slices.Contains(d.Netns, netns) })
	if len(found) == 0 {
		return running
	}
	return found
}

// chooseDoor is the lab with that PID, or the only one, or the one that the
// learner chooses.
func chooseDoor(running []door.Door, pid int, lang string) (door.Door, error) {
	switch {
	case pid != 0:
		for _, door := range running {
			if door.PID == pid {
				return door, nil
			}
		}
		return door.Door{}, say.Err("no lab of yours has the PID %d%v", "你没有 PID 为 %d 的实验网络%v", pid, others(running))
	case len(running) == 0:
		return door.Door{}, say.Err("no lab of yours is running; start one with `nstutor` in another terminal",
			"没有正在运行的实验网络；请先在另一个终端中运行 `nstutor`")
	case len(running) == 1:
		return running[0], nil
	case !isatty.IsTerminal(os.Stdin.Fd()) || !isatty.IsTerminal(os.Stderr.Fd()):
		return door.Door{}, say.Err("%d labs are running (PID %s): choose one with --lab PID",
			"有 %d 个实验网络正在运行（PID %s）：请用 --lab PID 选择", len(running), pids(running))
	}
	return askDoor(running, lang)
}

// others names the labs that there are instead.
func others(running []door.Door) say.Text {
	if len(running) == 0 {
		return say.T("; none is running", "；目前没有实验网络在运行")
	}
	return say.T("; there is %s", "；正在运行的有 %s", pids(running))
}

func pids(running []door.Door) say.Text {
	var all []string
	for _, door := range running {
		all = append(all, strconv.Itoa(door.PID))
	}
	return say.List(all...)
}

// askDoor lists the labs and reads a number.
func askDoor(running []door.Door, lang string) (door.Door, error) {
	for i, door := range running {
		fmt.Fprintf(os.Stderr, "%3d  %s\n", i+1, describeDoor(door).In(lang))
	}
	fmt.Fprint(os.Stderr, say.T("Which one? ", "进入哪一个？").In(lang))
	line, _ := bufio.NewReader(os.Stdin).ReadString('\n')
	wanted, err := strconv.Atoi(strings.TrimSpace(line))
	if i := slices.IndexFunc(running, func(d door.Door) bool { return d.PID == wanted }); err == nil && i >= 0 {
		return running[i], nil
	}
	if err != nil || wanted < 1 || wanted > len(running) {
		return door.Door{}, say.Err("%q is none of 1 to %d", "%q 不是 1 到 %d 之间的编号", strings.TrimSpace(line), len(running))
	}
	return running[wanted-1], nil
}

// describeDoor is a lab in one line.
func describeDoor(door door.Door) say.Text {
	if door.Stopped() {
		return say.T("PID %d is stopped; `fg` in its terminal lets it go on",
			"PID %d 已被挂起；在其终端中用 `fg` 恢复", door.PID)
	}
	return say.T("PID %d  since %s  %s  (%s)", "PID %d  始于 %s  %s  (%s)",
		door.PID, door.Since.Format("15:04"), door.About, strings.Join(door.Netns, " "))
}
