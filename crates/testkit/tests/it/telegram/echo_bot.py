"""An echo bot on python-telegram-bot, to prove that the fake serves a client it was not written for.

usage: echo_bot.py BASE_URL TOKEN
"""
import sys

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, MessageEntity, ReactionTypeEmoji, Update
from telegram.constants import ChatAction
from telegram.ext import Application, CallbackQueryHandler, CommandHandler, MessageHandler, filters


async def start(update: Update, context) -> None:
    me = await context.bot.get_me()
    await context.bot.set_my_commands([("start", "Say hello")])
    await update.message.reply_text(f"Hello from {me.username} {' '.join(context.args)}".strip())


async def echo(update: Update, context) -> None:
    message = update.message
    await message.set_reaction(ReactionTypeEmoji("👀"))
    await message.chat.send_action(ChatAction.TYPING, message_thread_id=message.message_thread_id)
    keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("Again", callback_data="again")]])
    draft = await message.reply_text("…", do_quote=True)
    await draft.edit_text(
        f"🙂 {message.text}",
        entities=[MessageEntity(MessageEntity.BOLD, 3, len(message.text))],
        reply_markup=keyboard,
    )


async def press(update: Update, context) -> None:
    query = update.callback_query
    await query.answer("pressed")
    await query.edit_message_text(f"{query.from_user.first_name} pressed {query.data}")
    gone = await context.bot.send_message(query.message.chat.id, "soon gone")
    await gone.delete()


def main() -> None:
    base_url, token = sys.argv[1:]
    app = Application.builder().token(token).base_url(f"{base_url}/bot").build()
    app.add_handler(CommandHandler("start", start))
    app.add_handler(MessageHandler(filters.TEXT & ~filters.COMMAND, echo))
    app.add_handler(CallbackQueryHandler(press))
    app.run_polling(allowed_updates=Update.ALL_TYPES)


main()
