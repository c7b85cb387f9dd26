using Orchestrator.Shim.BackEnds;

namespace Orchestrator.Attack.Guests;

/// <summary>
/// The group that an attack has left as it was, for the next that begins at the same point: machines take seconds to start. At most one, so that
/// no more machines run than an attack needs.
/// </summary>
internal sealed class StartedGroups : IAsyncDisposable
{
    private StartedGroup? _left;

    /// <summary>The group, or null; what is of no use ends.</summary>
    /// <param name="start">How far it has to be.</param>
    /// <param name="isFresh">Whether it has to be a new one.</param>
    public async Task<StartedGroup?> TakeAsync(GuestStart start, bool isFresh)
    {
        if (isFresh || _left?.Start != start)
        {
            await DisposeAsync();
        }

        (StartedGroup? left, _left) = (_left, null);
        return left;
    }

    /// <summary>Takes a group over.</summary>
    public void Leave(StartedGroup group) => _left = group;

    /// <summary>Ends the group.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_left is not null)
        {
            await _left.Guest.DisposeAsync();
            _left = null;
        }
    }
}
