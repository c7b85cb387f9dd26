using Orchestrator.Containers.Groups;
using Orchestrator.Containers.Users;
using Orchestrator.Errors;

namespace Orchestrator.Containers.Tests.Users;

/// <summary>Whom a name means in a container, by its own files.</summary>
public sealed class AccountsTests
{
    private static readonly Accounts s_accounts = new(
        "root:x:0:0:root:/root:/bin/sh\n#comment\nbroken\nworker:x:1000:100::/home:/bin/sh\r\n1001:x:7:8::/:/bin/sh\nhuge:x:4294967295:0::/:\nodd:x:9:nine::/:\nmember:x:3000:1000::/:\n",
        "root:x:0:\nusers:x:100:root,other\ndata:x:2000:worker\ntape:x:26:other,worker\n1000:x:6:\nagain:x:2000:worker\n",
        (kind, name) => new OrchestratorException(GroupErrors.UserUnknown, $"{kind} {name}"));

    [Theory]
    [InlineData("", "0(root)", "0(root) 100(users)")]
    [InlineData("0", "0(root)", "0(root) 100(users)")]
    [InlineData("worker", "1000(worker)", "100(users) 26(tape) 2000(data)")]
    [InlineData("1000", "1000(worker)", "100(users) 26(tape) 2000(data)")]
    [InlineData("worker:0", "1000(worker)", "0(root)")]
    [InlineData("worker:tape", "1000(worker)", "26(tape)")]
    [InlineData("worker:", "1000(worker)", "100(users) 26(tape) 2000(data)")]
    [InlineData("5000", "5000()", "0(root)")]
    [InlineData("5000:6000", "5000()", "6000()")]
    [InlineData("1001", "7(1001)", "8()")]
    [InlineData("member", "3000(member)", "1000()")]
    [InlineData("001000", "1000(worker)", "100(users) 26(tape) 2000(data)")]
    public void Name_IsLookedUp(string name, string user, string groups)
    {
        Account account = s_accounts.Find(name);

        Assert.Equal(user, $"{account.User.Id}({account.User.Name})");
        Assert.Equal(groups, string.Join(' ', account.Groups.Select(group => $"{group.Id}({group.Name})")));
    }

    [Theory]
    [InlineData("nobody")]
    [InlineData("worker:nobody")]
    [InlineData("huge")]
    [InlineData("odd")]
    [InlineData("-1")]
    [InlineData("4294967295")]
    [InlineData("4294967296")]
    [InlineData("0:4294967295")]
    [InlineData(" 0")]
    public void Name_ThatIsNotKnown_IsRefused(string name) =>
        Assert.Equal("group-user-unknown", Assert.Throws<OrchestratorException>(() => s_accounts.Find(name)).Code.Id);
}
