using Orchestrator.Contracts;
using Orchestrator.Errors;

namespace Orchestrator.Sdk;

/// <summary>Waits longer and longer (0.2 s doubling to 10 s) between attempts, and gives up after some that changed nothing.</summary>
/// <param name="time">The clock.</param>
/// <param name="attempts">Attempts in a row that may fail; <see langword="null"/> gives up only when refused.</param>
internal sealed class Patience(TimeProvider time, int? attempts = 10)
{
    private static readonly TimeSpan s_first = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(10);

    private int _failures;
    private bool _loginLost;

    /// <summary>Whether trying again may help: the host is away or restarting, or has forgotten a login.</summary>
    public static bool IsPassing(OrchestratorException failure) =>
        failure.Code.Id == RpcErrors.Unavailable.Id
        || failure.Code.Id == RpcErrors.Deadline.Id
        || failure.Code.Id == ConnectionErrors.HostAway.Id
        || failure.Code.Id == ConnectionErrors.TransferIncomplete.Id
        || HostLink.IsLoginLost(failure);

    // What somebody decided. A peer that fails, or has no room, may be helped while this one waits.
    private static bool IsRefusal(OrchestratorException failure) =>
        failure.Code.Class is not (ErrorClass.Unavailable or ErrorClass.Internal or ErrorClass.Storage) && !HostLink.IsLoginLost(failure);

    /// <summary>Begins anew when something has moved since the last attempt.</summary>
    public void Note(bool moved)
    {
        if (moved)
        {
            _failures = 0;
            _loginLost = false;
        }
    }

    /// <summary>Waits before the next attempt, or throws the <paramref name="failure"/> of the last one.</summary>
    public async Task WaitAsync(OrchestratorException failure, CancellationToken cancel)
    {
        // A host that has forgotten the login is back: waiting for it is over. Once only, or a host could hold a party for ever.
        if (HostLink.IsLoginLost(failure) && !_loginLost)
        {
            _loginLost = true;
            _failures = 0;
        }

        if (attempts is { } most ? !IsPassing(failure) || _failures + 1 >= most : IsRefusal(failure))
        {
            throw failure;
        }

        TimeSpan wait = s_first * Math.Pow(2, Math.Min(_failures, 10));
        _failures++;
        await Task.Delay(wait < s_longest ? wait : s_longest, time, cancel);
    }
}
