# Read by fish in the lab, after the learner's own configuration. It runs in
# private mode: what is typed here is not found in the learner's history.
set -g nstutor_netns $NSTUTOR_NETNS
set -e NSTUTOR_NETNS

# The prompt says the network namespace, whatever draws another one.
function fish_prompt
	printf '%s # ' $nstutor_netns
end
function fish_right_prompt
end
function fish_mode_prompt
end
function fish_greeting
end

contains /run/nstutor/bin $PATH; or set -gx PATH /run/nstutor/bin $PATH /usr/local/sbin /usr/sbin /sbin
