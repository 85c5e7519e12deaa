import type { Account, Channel, Guild, Message, World } from './world.ts'

/** The JSON of Discord's objects, as far as the real client reads it. */

export function userPayload(world: World, who: 'bot' | Account): Record<string, unknown> {
  return {
    id: who === 'bot' ? world.application.id : who.id,
    username: who === 'bot' ? 'verbatim' : who.name.toLowerCase().replace(/\s+/gu, '.'),
    global_name: who === 'bot' ? null : who.name,
    discriminator: '0',
    avatar: null,
    ...(who === 'bot' ? { bot: true } : {}),
    public_flags: 0,
  }
}

export function memberPayload(world: World, who: 'bot' | Account): Record<string, unknown> {
  return {
    user: userPayload(world, who),
    roles: who === 'bot' ? [] : who.roles,
    nick: null,
    avatar: null,
    joined_at: '2024-01-01T00:00:00.000000+00:00',
    premium_since: null,
    deaf: false,
    mute: false,
    pending: false,
    flags: 0,
    communication_disabled_until: null,
  }
}

export function channelPayload(channel: Channel): Record<string, unknown> {
  if (channel.kind === 'guild')
    return {
      id: channel.id,
      type: 0,
      name: channel.name,
      position: 0,
      guild_id: channel.guild?.id,
      permission_overwrites: [],
      nsfw: false,
      rate_limit_per_user: 0,
      topic: null,
      parent_id: null,
      last_message_id: null,
    }
  return { id: channel.id, type: channel.kind === 'bot-dm' ? 1 : 3, last_message_id: null, flags: 0 }
}

export function guildPayload(world: World, guild: Guild): Record<string, unknown> {
  return {
    id: guild.id,
    name: guild.name,
    icon: null,
    splash: null,
    discovery_splash: null,
    description: null,
    banner: null,
    owner_id: '1',
    region: 'local',
    afk_channel_id: null,
    afk_timeout: 300,
    verification_level: 0,
    default_message_notifications: 1,
    explicit_content_filter: 0,
    mfa_level: 0,
    nsfw_level: 0,
    premium_tier: 0,
    premium_progress_bar_enabled: false,
    preferred_locale: 'en-US',
    system_channel_id: null,
    system_channel_flags: 0,
    rules_channel_id: null,
    public_updates_channel_id: null,
    safety_alerts_channel_id: null,
    application_id: null,
    vanity_url_code: null,
    features: [],
    emojis: [],
    stickers: [],
    roles: [
      {
        id: guild.id,
        name: '@everyone',
        color: 0,
        hoist: false,
        position: 0,
        permissions: '0',
        managed: false,
        flags: 0,
      },
      ...guild.roles.map(({ id, name }, i) => ({
        id,
        name,
        color: 0,
        hoist: false,
        position: i + 1,
        permissions: '0',
        managed: false,
        flags: 0,
      })),
    ],
    joined_at: '2024-01-01T00:00:00.000000+00:00',
    large: false,
    unavailable: false,
    member_count: 2,
    members: [memberPayload(world, 'bot')],
    channels: guild.channels.map(channelPayload),
    threads: [],
    presences: [],
    voice_states: [],
    stage_instances: [],
    guild_scheduled_events: [],
    soundboard_sounds: [],
  }
}

export function messagePayload(world: World, message: Message): Record<string, unknown> {
  const { interaction } = message
  return {
    id: message.id,
    channel_id: message.channel.id,
    author: userPayload(world, message.author),
    content: message.content,
    timestamp: new Date(world.clock.now()).toISOString(),
    edited_timestamp: message.edits > 0 ? new Date(world.clock.now()).toISOString() : null,
    tts: false,
    mention_everyone: false,
    mentions: [],
    mention_roles: [],
    attachments: message.attachments.map(({ name, bytes }, i) => ({
      id: `${message.id.slice(0, -2)}${String(i).padStart(2, '0')}`,
      filename: name,
      size: bytes.length,
      url: 'http://127.0.0.1/attachment',
      proxy_url: 'http://127.0.0.1/attachment',
    })),
    embeds: [],
    pinned: false,
    type: message.author === 'bot' ? 20 : 0,
    flags: message.flags,
    components: message.components,
    ...(message.author === 'bot' ? { application_id: world.application.id, webhook_id: world.application.id } : {}),
    ...(interaction === undefined
      ? {}
      : {
          interaction_metadata: {
            id: interaction.id,
            type: interaction.type,
            user: userPayload(world, interaction.user),
            authorizing_integration_owners: {},
          },
        }),
  }
}
